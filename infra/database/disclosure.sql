-- What the disclosure pattern decided. Written by `python -m expectations.disclosure_pattern` between the two dbt steps, read by
-- the macro protected_cells. Owned by the transformer, whose counts it is about. Running it again changes nothing.
create table if not exists intermediate.disclosure_decisions (
    family text not null,
    table_key text not null,
    cell_key text not null,
    threshold integer not null,
    table_fingerprint text not null,
    decided_from text not null,
    is_hidden boolean not null,
    reason text check (reason in ('small', 'complement')),
    decided_at timestamptz not null default now(),
    primary key (family, threshold, cell_key)
);
comment on table intermediate.disclosure_decisions is
'One row per cell of a table of counts from returns: whether it is hidden, and why. The reason is for analysts only: people see one symbol.';
comment on column intermediate.disclosure_decisions.table_fingerprint is
'Fingerprint of all counts of the table decided on: for other counts the decision does not hold, and everything is hidden.';
comment on column intermediate.disclosure_decisions.decided_from is
'Fingerprint of everything else the decision stands on: sums, what is already public, the method. While both hold, it is kept.';

-- What the disclosure audit found. Written by `python -m expectations.disclosure_audit`, so the ledger's.
set role loader;
create table if not exists ledger.disclosure_audits (
    gate_run_id bigint not null references ledger.gate_runs,
    family text not null,
    tables integer not null,
    cells_shown integer not null,
    cells_hidden integer not null,
    cells_already_public integer not null,
    cells_recoverable integer not null,
    recoverable_places jsonb not null default '[]',
    cells_all_of_their_whole integer not null,
    audited_at timestamptz not null default now(),
    primary key (gate_run_id, family)
);
comment on table ledger.disclosure_audits is
'One row per family of tables and run of the disclosure audit, which attacks what is shown to work out what is hidden.';
comment on column ledger.disclosure_audits.cells_hidden is 'Counts hidden from anybody, those DfE publishes itself left out.';
comment on column ledger.disclosure_audits.recoverable_places is
'Where a hidden count can be worked out, and how; never what it is. Empty where the marts may be published.';
comment on column ledger.disclosure_audits.cells_all_of_their_whole is
'Shown counts that are all of their group: what the table says of the group is known of each of its people.';
set role transformer;
