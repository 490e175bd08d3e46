DROP TABLE public.state_log;
DROP FUNCTION public.state_fire();
DROP ROLE winch_state_reader;
