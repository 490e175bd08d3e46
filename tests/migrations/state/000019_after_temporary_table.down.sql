DELETE FROM public.state_shadow;
