{#- Agency social workers, the same for members and for the public. -#}

{#-
    Every measure of a product with its history: the quarter before, the year before, and whether it is the lowest yet.
-#}
{% macro agency_measures_of(product) -%}
with figures as (
    select
        unit_code,
        period_label,
        period_start,
        period_end,
        role_type,
        measure,
        value,
        value_status,
        units_counted,
        units_expected,
        in_post_as_at,
        is_synthetic
    from {{ ref('int_agency__measures') }}
    where product = '{{ product }}'
),

registry as (
    select
        measure,
        measure_label,
        measure_order,
        measure_unit,
        polarity,
        decimals,
        definition
    from {{ ref('agency_measures') }}
),

-- What every earlier quarter with a figure had; a quarter without one is passed over.
with_history as (
    select
        figures.*,
        min(figures.value) over earlier as lowest_before,
        count(figures.value) over earlier as quarters_before,
        max(figures.units_counted) filter (where figures.value is not null) over earlier as most_units_before
    from figures
    window earlier as (
        partition by figures.unit_code, figures.role_type, figures.measure
        order by figures.period_end
        rows between unbounded preceding and 1 preceding
    )
),

compared as (
    select
        with_history.*,
        quarter_before.value as previous_value,
        quarter_before.units_counted as previous_units_counted,
        year_before.value as year_ago_value,
        registry.measure_label,
        registry.measure_order,
        registry.measure_unit,
        registry.polarity,
        registry.definition,
        -- A percentage of fewer than 50 has no decimals to show.
        case when registry.measure_unit = 'percent' then scale(with_history.value) else registry.decimals end
            as decimals,
        registry.measure in ('agency_rate_fte', 'active_fte')
        and with_history.value is not null
        and with_history.quarters_before > 0 as has_lowest
    from with_history
    inner join registry on with_history.measure = registry.measure
    left join figures as quarter_before
        on
            with_history.unit_code = quarter_before.unit_code
            and quarter_before.period_end = with_history.period_start - 1
            and with_history.role_type = quarter_before.role_type
            and with_history.measure = quarter_before.measure
    left join figures as year_before
        on
            with_history.unit_code = year_before.unit_code
            and year_before.period_start = (with_history.period_start - interval '1 year')::date
            and with_history.role_type = year_before.role_type
            and with_history.measure = year_before.measure
),

final as (
    select
        compared.unit_code,
        units.unit_name,
        units.unit_level,
        compared.period_label,
        coalesce(windows.calendar_label, compared.period_label) as calendar_label,
        compared.period_start,
        compared.period_end,
        compared.role_type,
        coalesce(roles.role_type_label, 'All roles') as role_type_label,
        coalesce(roles.role_type_order, 0) as role_type_order,
        compared.measure,
        compared.measure_label,
        compared.measure_order,
        compared.measure_unit,
        compared.polarity,
        compared.definition,
        compared.value,
        compared.value_status,
        case when compared.measure_unit = 'gbp' and compared.value is not null then '£' else '' end
        || {{ value_label('compared.value', 'compared.value_status', 'compared.measure_unit', 'compared.decimals') }}
            as value_label,
        compared.previous_value,
        compared.value - compared.previous_value as change_on_quarter,
        compared.year_ago_value,
        compared.value - compared.year_ago_value as change_on_year,
        case
            when compared.has_lowest
                then
                    compared.value < compared.lowest_before
                    -- A figure of fewer units may be lower for want of the others: a sum always, a rate where they are high.
                    and compared.units_counted >= compared.most_units_before
        end as is_lowest_since_start,
        case when compared.has_lowest then compared.quarters_before::integer end as quarters_compared,
        compared.units_counted,
        compared.units_expected,
        {{ coverage_label('compared.units_counted', 'compared.units_expected') }} as coverage_label,
        compared.in_post_as_at,
        nullif(
            concat_ws(
                ' ',
                case
                    when units.authorities_in_unit > 1
                        then units.authority_names || ' count as one; their figures cannot be split.'
                end,
                case
                    when units.unit_level = 'authority' and compared.units_counted = 0 and compared.value_status = 'x'
                        then 'No return of the quarter, or not of every authority.'
                    when units.unit_level <> 'authority' and compared.units_counted < compared.units_expected
                        then
                            'Only ' || {{ coverage_label('compared.units_counted', 'compared.units_expected') }}
                            || case when compared.value is null then '.' else ' are in it.' end
                end,
                case
                    when
                        units.unit_level <> 'authority'
                        and compared.value - compared.previous_value is not null
                        and compared.units_counted <> compared.previous_units_counted
                        then 'The quarter before has ' || {{ coverage_label('compared.previous_units_counted', 'compared.units_expected') }} || '.'
                end,
                case
                    when compared.value is not null
                        then 'In post as at ' || to_char(compared.in_post_as_at, 'FMDD FMMonth YYYY') || '.'
                end
            ),
            ''
        ) as note,
        compared.is_synthetic
    from compared
    inner join {{ ref('dim_reporting_unit') }} as units on compared.unit_code = units.unit_code
    left join {{ ref('agency_role_types') }} as roles on compared.role_type = roles.role_type
    left join {{ ref('return_windows') }} as windows
        on windows.collection = 'agency_quarterly' and compared.period_start = windows.period_start
)

select * from final
{%- endmacro %}
