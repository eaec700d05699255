-- The demo database `orders`: three schemas, the roles that people may ask for, and the connector's own role.
-- Run once, as the superuser, in the new database; one transaction.

CREATE SCHEMA sales;
CREATE TABLE sales.customers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    country text NOT NULL
);
CREATE TABLE sales.orders (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES sales.customers,
    ordered_on date NOT NULL,
    total numeric(10, 2) NOT NULL
);
INSERT INTO sales.customers (name, country) VALUES ('Alder & Sons', 'SE'), ('Bluebird Books', 'IE'), ('Cedar Supply', 'CA');
INSERT INTO sales.orders (customer_id, ordered_on, total) VALUES
    (1, '2026-01-14', 129.90), (1, '2026-02-02', 48.00), (2, '2026-02-03', 310.25), (3, '2026-03-21', 75.10);

CREATE SCHEMA billing;
CREATE TABLE billing.invoices (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id integer NOT NULL REFERENCES sales.orders,
    due_on date NOT NULL,
    paid boolean NOT NULL DEFAULT false
);
INSERT INTO billing.invoices (order_id, due_on, paid) VALUES
    (1, '2026-02-14', true), (2, '2026-03-02', true), (3, '2026-03-03', false), (4, '2026-04-21', false);

CREATE SCHEMA reporting;
CREATE VIEW reporting.revenue_by_month AS
    SELECT date_trunc('month', ordered_on)::date AS month, count(*) AS orders, sum(total) AS revenue
    FROM sales.orders GROUP BY 1;
CREATE TABLE reporting.targets (month date PRIMARY KEY, revenue numeric(10, 2) NOT NULL);
INSERT INTO reporting.targets VALUES ('2026-01-01', 150), ('2026-02-01', 300), ('2026-03-01', 300);

CREATE ROLE role1 NOLOGIN;
COMMENT ON ROLE role1 IS 'Read sales #sales #read';
GRANT USAGE ON SCHEMA sales TO role1;
GRANT SELECT ON ALL TABLES IN SCHEMA sales TO role1;

CREATE ROLE role3 NOLOGIN;
COMMENT ON ROLE role3 IS 'Read and change billing #billing #write';
GRANT USAGE ON SCHEMA billing TO role3;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA billing TO role3;

CREATE ROLE reporting_read NOLOGIN;
COMMENT ON ROLE reporting_read IS 'Read reports #reporting #read';
GRANT USAGE ON SCHEMA reporting TO reporting_read;
GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO reporting_read;

CREATE ROLE orders_admin NOLOGIN;
COMMENT ON ROLE orders_admin IS 'Everything in this database #prod';
GRANT USAGE, CREATE ON SCHEMA sales, billing, reporting TO orders_admin;
GRANT ALL ON ALL TABLES IN SCHEMA sales, billing, reporting TO orders_admin;

-- Not a superuser: it makes session users, gives them the four roles and nothing else, and ends their sessions.
-- Its password is set by `nightlatch up`.
CREATE ROLE nightlatch LOGIN CREATEROLE NOINHERIT;
COMMENT ON ROLE nightlatch IS 'The connector of Nightlatch';
GRANT role1, role3, reporting_read, orders_admin TO nightlatch WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;
