-- A table, because every model of the job board joins it and the planner must know how small it is.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with periods as (
    select
        month,
        series as counting_rule,
        delivery_id,
        is_complete
    from {{ ref('stg_lswc__delivery_periods') }}
    where collection = 'lswc_jobs' and dataset = 'job_month'
),

-- A board may send extracts by two rules. The one with most months is the series; the other only fills its holes, and
-- a change from one rule to the other is never shown as a change of the figure.
rules as (
    select
        periods.counting_rule,
        row_number() over (
            order by
                count(*) filter (where periods.is_complete) desc,
                min(counting_rules.preference) asc,
                periods.counting_rule asc
        ) as place
    from periods
    left join {{ ref('lswc_counting_rules') }} as counting_rules
        on periods.counting_rule = counting_rules.counting_rule
    group by periods.counting_rule
),

ranked as (
    select
        periods.*,
        row_number() over (
            partition by periods.month
            order by periods.is_complete desc, rules.place asc
        ) as place
    from periods
    inner join rules on periods.counting_rule = rules.counting_rule
),

final as (
    select
        month,
        counting_rule,
        delivery_id,
        is_complete
    from ranked
    where place = 1
)

select * from final
