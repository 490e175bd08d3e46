SELECT 'shared stays';
