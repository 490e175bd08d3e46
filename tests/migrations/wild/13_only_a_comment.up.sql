/* Done by hand
   /* long ago */ in 2016. */
-- See the wiki.
