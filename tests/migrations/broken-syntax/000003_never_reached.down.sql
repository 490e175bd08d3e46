DROP TABLE never_reached;
