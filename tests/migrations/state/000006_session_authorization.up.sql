SET SESSION AUTHORIZATION winch_state_reader;
