SELECT 'a label cannot be taken back';
