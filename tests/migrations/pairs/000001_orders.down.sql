DROP TABLE sizes;
DROP TABLE orders;
