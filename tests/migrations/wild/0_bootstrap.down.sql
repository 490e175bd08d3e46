DROP TABLE public.wild_settings;
