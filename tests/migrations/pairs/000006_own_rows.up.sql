UPDATE sizes SET name = lower(name);
