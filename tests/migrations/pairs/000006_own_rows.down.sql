UPDATE sizes SET name = upper(name);
