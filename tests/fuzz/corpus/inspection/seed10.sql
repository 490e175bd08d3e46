END $$;
