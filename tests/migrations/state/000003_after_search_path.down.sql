DROP TABLE public.after_search_path;
