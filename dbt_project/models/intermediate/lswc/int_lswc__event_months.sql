with event_months as (
    select
        site,
        month,
        dataset
    from {{ ref('int_lswc__source_months') }}
    where source = 'web_events' and completeness = 'complete'
),

counts as (
    select
        'event_day' as dataset,
        month,
        event_kind,
        event_count
    from {{ ref('stg_lswc_web__event_day') }}
    where is_complete and event_kind is not null
    union all
    select
        'event_month' as dataset,
        month,
        event_kind,
        event_count
    from {{ ref('stg_lswc_web__event_month') }}
    where is_complete and event_kind is not null
),

-- An event that no delivery has ever named is not 0: its name in the settings may be wrong.
kinds as (
    select distinct event_kind from counts
),

final as (
    select
        event_months.site,
        event_months.month,
        kinds.event_kind,
        event_months.dataset,
        coalesce(sum(counts.event_count), 0)::bigint as event_count
    from event_months
    cross join kinds
    left join counts
        on
            event_months.dataset = counts.dataset
            and event_months.month = counts.month
            and kinds.event_kind = counts.event_kind
    group by event_months.site, event_months.month, kinds.event_kind, event_months.dataset
)

select * from final
