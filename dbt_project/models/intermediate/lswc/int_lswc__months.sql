-- A table, because every other model of the series joins it and the planner must know how small it is.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with sites as (
    select
        site,
        site_name,
        {{ month_of('launched_on') }} as first_month
    from {{ ref('lswc_sites') }}
),

datasets as (
    select
        collection,
        dataset
    from {{ ref('lswc_datasets') }}
),

periods as (
    select
        collection,
        dataset,
        month
    from {{ ref('stg_lswc__delivery_periods') }}
    where is_complete and reaches_month_end
),

newest as (
    select max(periods.month) as month
    from periods
    inner join datasets on periods.collection = datasets.collection and periods.dataset = datasets.dataset
),

final as (
    select
        sites.site,
        sites.site_name,
        series.month::date as month,
        {{ month_end('series.month') }} as month_end,
        extract(day from {{ month_end('series.month') }})::integer as days_in_month
    from sites
    cross join newest
    cross join lateral generate_series(sites.first_month, newest.month, interval '1 month') as series (month)
)

select * from final
