with months as (
    select
        site,
        month,
        month_end,
        days_in_month
    from {{ ref('int_lswc__months') }}
),

datasets as (
    select
        collection,
        dataset,
        grain,
        source,
        source_label,
        source_order,
        counting_rule
    from {{ ref('lswc_datasets') }}
),

sources as (
    select distinct
        collection,
        source,
        source_label,
        source_order
    from datasets
),

collections as (
    select
        collection,
        bool_or(is_synthetic) as is_synthetic
    from {{ ref('stg_lswc__delivery_periods') }}
    group by collection
),

-- Of the job board's extracts only those of the rule that is shown.
periods as (
    select
        periods.*,
        coalesce(board_months.counting_rule, datasets.counting_rule) as counting_rule,
        datasets.grain,
        datasets.source
    from {{ ref('stg_lswc__delivery_periods') }} as periods
    inner join datasets on periods.collection = datasets.collection and periods.dataset = datasets.dataset
    left join {{ ref('int_lswc__board_months') }} as board_months
        on
            periods.dataset = 'job_month'
            and periods.month = board_months.month
            and periods.delivery_id = board_months.delivery_id
    where periods.dataset <> 'job_month' or board_months.delivery_id is not null
),

by_dataset as (
    select
        source,
        dataset,
        month,
        grain,
        count(*) filter (where is_complete)::integer as periods_complete,
        coalesce(bool_or(is_complete and reaches_month_end), false) as has_complete_end,
        max(period_end) filter (where is_complete) as last_complete_day,
        bool_or(is_sampled) as is_sampled,
        min(sampled_share) filter (where is_sampled) as sampled_share,
        bool_or(is_thresholded) as is_thresholded,
        bool_or(has_other_row_loss) as has_other_row_loss,
        max(counting_rule) as counting_rule,
        max(as_of) as taken_on,
        max(received_at) as received_at
    from periods
    group by source, dataset, month, grain
),

judged as (
    select
        months.site,
        by_dataset.*,
        by_dataset.has_complete_end
        and (by_dataset.grain = 'month' or by_dataset.periods_complete = months.days_in_month) as is_complete,
        case
            when by_dataset.grain = 'day' then by_dataset.periods_complete
            when by_dataset.has_complete_end then months.days_in_month
            else 0
        end as days_complete
    from months
    inner join by_dataset on months.month = by_dataset.month
),

-- Where two datasets tell the same (events by day and from a screen export), the complete one does.
best as (
    select
        judged.*,
        row_number() over (
            partition by judged.site, judged.source, judged.month
            order by judged.is_complete desc, judged.days_complete desc, judged.grain asc, judged.dataset asc
        ) as place
    from judged
),

final as (
    select
        months.site,
        months.month,
        sources.collection,
        sources.source,
        sources.source_label,
        sources.source_order,
        best.dataset,
        case
            when best.is_complete then 'complete'
            when best.source is not null then 'partial'
            else 'missing'
        end as completeness,
        coalesce(best.days_complete, 0) as days_complete,
        months.days_in_month,
        best.last_complete_day,
        best.is_sampled,
        best.sampled_share,
        best.is_thresholded,
        best.has_other_row_loss,
        best.counting_rule,
        best.taken_on,
        best.received_at,
        coalesce(collections.is_synthetic, false) as is_synthetic
    from months
    cross join sources
    left join best
        on
            months.site = best.site
            and months.month = best.month
            and sources.source = best.source
            and best.place = 1
    left join collections on sources.collection = collections.collection
)

select * from final
