DROP TABLE public.state_shadow;
