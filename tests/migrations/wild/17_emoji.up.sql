-- ┌────────────────┐
-- │ 🚀 naïve café  │
-- └────────────────┘
CREATE TABLE "wild_größe_🚀" (id int, "名前" text DEFAULT '👩‍👩‍👧 日本語');
COMMENT ON TABLE "wild_größe_🚀" IS 'Zażółć gęślą jaźń';
