-- One row per collection: how many of its days and months count otherwise now than when dbt read the ledger.
with built as (
    select collection, dataset, series, period_start, delivery_id, is_complete
    from staging.stg_lswc__delivery_periods
),

counting as (
    select collection, dataset, series, period_start, delivery_id, is_complete
    from ledger.current_delivery_periods
),

final as (
    select
        coalesce(built.collection, counting.collection) as collection,
        count(*) filter (
            where
            built.delivery_id is distinct from counting.delivery_id
            or built.is_complete is distinct from counting.is_complete
        ) as periods_changed
    from built
    full outer join counting
        on
            built.collection = counting.collection
            and built.dataset = counting.dataset
            and built.series = counting.series
            and built.period_start = counting.period_start
    group by coalesce(built.collection, counting.collection)
)

select * from final
order by collection
