-- One row per collection: how many of its returns count otherwise now than when dbt read the ledger.
with built as (
    select submission_id, collection, status from staging.stg_returns__submissions
),

counting as (
    select submission_id, collection, status from ledger.current_submissions
),

final as (
    select
        coalesce(built.collection, counting.collection) as collection,
        count(*) filter (where built.status is distinct from counting.status) as returns_changed
    from built
    full outer join counting on built.submission_id = counting.submission_id
    group by coalesce(built.collection, counting.collection)
)

select * from final
order by collection
