LISTEN state_channel;
