-- Roles of the warehouse, least privilege. Run by the superuser; running it again changes nothing.
-- Passwords are set by infra/database/setup.py from the environment, never here.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['loader', 'transformer', 'members_reader', 'public_reader', 'analyst']
    loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I login', role_name);
        end if;
    end loop;
end
$$;

-- An analyst's session cannot write, whatever is granted later by mistake.
alter role analyst set default_transaction_read_only = on;
alter role analyst set search_path = marts, open_data, intermediate, staging, reference, raw, ledger;
alter role analyst set statement_timeout = '5min';
alter role members_reader set default_transaction_read_only = on;
alter role members_reader set statement_timeout = '30s';
alter role public_reader set default_transaction_read_only = on;
alter role public_reader set statement_timeout = '30s';
