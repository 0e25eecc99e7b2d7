{{ config(materialized='table', indexes=[{'columns': ['unit_code', 'collection', 'indicator']}]) }}

-- What an authority sent, counted and divided, nothing withheld from itself. Who sees which row is decided where it is
-- published (infra/database/row_level_security.py): here all of them stand, so nobody but the owner reads this table.
with units as (
    select unit_code, unit_name from {{ ref('dim_reporting_unit') }}
    where unit_level = 'authority'
),

figures as (
    select * from {{ ref('int_own__agency_figures') }}
    union all
    select * from {{ ref('int_own__census_figures') }}
    union all
    select * from {{ ref('int_own__ep_figures') }}
    union all
    select * from {{ ref('int_own__leadership_figures') }}
),

final as (
    select
        units.unit_code,
        units.unit_name,
        figures.collection,
        figures.period_label,
        figures.period_end,
        figures.indicator,
        figures.indicator_label,
        figures.indicator_unit,
        figures.breakdown,
        figures.category,
        trim_scale(round(figures.value::numeric, 4)) as value,
        figures.value_status,
        case
            when figures.value is null then figures.value_status
            else {{ figure_label('figures.value::numeric', 'figures.indicator_unit', 'figures.decimals') }}
                || case when figures.indicator_unit = 'percent' then '%' else '' end
        end as value_label,
        figures.is_synthetic
    from figures
    -- Areas are not one authority's.
    inner join units on figures.unit_code = units.unit_code
)

select * from final
