DROP INDEX items_name_key;
