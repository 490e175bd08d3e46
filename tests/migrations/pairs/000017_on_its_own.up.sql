-- winch: requires 000001
CREATE VIEW open_orders AS SELECT id FROM orders WHERE state = 'open';
