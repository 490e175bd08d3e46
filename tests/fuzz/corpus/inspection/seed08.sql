UPDATE t SET a = nextval('s.seq'), b = f(1);
