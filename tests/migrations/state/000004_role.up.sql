SET ROLE winch_state_reader;
