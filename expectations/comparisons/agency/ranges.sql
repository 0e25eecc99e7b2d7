-- One row per table and measure with a figure: its lowest and highest, and what it may not pass.
with shown as (
    select 'mart_agency__measures' as table_name, measure, measure_unit, value
    from marts_candidate.mart_agency__measures
    union all
    select 'open data' as table_name, measure, measure_unit, value
    from open_data_candidate.agency_measures
),

final as (
    select
        measure as field,
        table_name || ' ' || measure as place,
        min(value) as lowest,
        max(value) as highest,
        case when measure_unit = 'percent' then 100 end as most,
        coalesce(measure_unit <> 'percent' or max(value) <= 100, true) as is_within
    from shown
    where value is not null
    group by table_name, measure, measure_unit
)

select * from final
order by place
