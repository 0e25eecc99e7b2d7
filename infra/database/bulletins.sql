-- Monthly bulletins: which authority's was written, and when it was sent. Run as loader; running it again changes nothing.

create table if not exists ledger.bulletins (
    month date not null check (extract(day from month) = 1),
    authority_code text not null,
    is_synthetic boolean not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    written_at timestamptz not null default now(),
    sent_at timestamptz,
    addresses integer,
    primary key (month, authority_code, is_synthetic),
    check ((sent_at is null) = (addresses is null))
);
comment on table ledger.bulletins is
'One row per month and authority whose bulletin was written. A bulletin about real data is another one than that about the sample.';
comment on column ledger.bulletins.sha256 is 'The hash of the e-mail as it was kept in the folder bulletins, before it was addressed.';
comment on column ledger.bulletins.sent_at is 'Null until a mail server took it.';
comment on column ledger.bulletins.addresses is 'How many addresses the mail server took it for; the addresses themselves stand nowhere.';
