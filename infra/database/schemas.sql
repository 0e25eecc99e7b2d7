-- Schemas in the order data flows, and who may do what in each. Run in the warehouse database by its
-- superuser; running it again changes nothing.
revoke create on schema public from public;

create schema if not exists raw authorization loader;
create schema if not exists ledger authorization loader;
create schema if not exists reference authorization transformer;
create schema if not exists staging authorization transformer;
create schema if not exists intermediate authorization transformer;
-- dbt builds marts here; a passed gate lets publication copy them to marts and open_data.
create schema if not exists marts_candidate authorization transformer;
create schema if not exists open_data_candidate authorization transformer;
create schema if not exists marts authorization transformer;
create schema if not exists open_data authorization transformer;
-- An authority's own figures, unsuppressed: each row is seen by its own authority alone (row-level security).
create schema if not exists restricted_candidate authorization transformer;
create schema if not exists restricted authorization transformer;
create schema if not exists members authorization loader;

grant usage on schema raw, ledger to transformer;
alter default privileges for role loader in schema raw, ledger grant select on tables to transformer;
grant select on all tables in schema raw, ledger to transformer;

grant usage on schema marts, members to members_reader;
alter default privileges for role transformer in schema marts grant select on tables to members_reader;
grant usage on schema open_data to public_reader;
alter default privileges for role transformer in schema open_data grant select on tables to public_reader;

-- Analysts read every step of the census figures, so that a number can be followed back to its source row.
grant usage on schema raw, ledger, reference, staging, intermediate, marts_candidate, open_data_candidate, marts, open_data to analyst;
alter default privileges for role loader in schema raw, ledger grant select on tables to analyst;
alter default privileges for role transformer in schema reference, staging, intermediate, marts_candidate, open_data_candidate, marts, open_data
grant select on tables to analyst;
grant select on all tables in schema raw, ledger, reference, staging, intermediate, marts_candidate, open_data_candidate, marts, open_data to analyst;
