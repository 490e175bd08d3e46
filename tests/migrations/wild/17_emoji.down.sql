DROP TABLE "wild_größe_🚀";
