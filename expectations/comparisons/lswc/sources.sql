-- One row per source: how many days ago its newest complete month ended; null where it never had one.
with final as (
    select
        source_label,
        bool_or(is_synthetic) as is_synthetic,
        to_char(max(month) filter (where is_complete), 'FMMonth YYYY') as newest_month,
        current_date - (max(month) filter (where is_complete) + interval '1 month - 1 day')::date as days_old
    from marts_candidate.mart_lswc__data_quality
    group by source_label
)

select * from final
order by source_label
