-- An authority has a handful of engagements, so of its own only the total is a cell; remote working and the pledge's
-- principles are for areas, and grade, pay unit, registration and experience for London.
with principles as (
    select distinct rule_code as principle from {{ ref('agency_rules') }}
    where authority = 'LPEP'
),

outcomes as (
    select unnest(array['in_scope', 'out_of_scope', 'compliant', 'non_compliant', 'unknown']) as outcome
),

items as (
    select 'all' as item, 'every' as made_for, 'all' as ep_grade, 'all' as pay_unit
    union all
    select unnest(array['remote', 'not_remote']) as item, 'areas' as made_for, null as ep_grade, null as pay_unit
    union all
    select
        principles.principle || '_' || outcomes.outcome as item,
        'areas' as made_for,
        null as ep_grade,
        null as pay_unit
    from principles
    cross join outcomes
    union all
    select 'grade_' || ep_grade as item, 'london' as made_for, ep_grade, 'all' as pay_unit
    from {{ ref('ep_grades') }}
    union all
    select grades.prefix || pay_units.pay_unit as item, 'london' as made_for, grades.ep_grade, pay_units.pay_unit
    from (values ('', 'all'), ('EP_', 'EP'), ('OTHER_', null)) as grades (prefix, ep_grade)
    cross join (values ('HOUR'), ('DAY'), ('PER_ADVICE')) as pay_units (pay_unit)
    union all
    select
        unnest(array['OTHER', 'hcpc_registered', 'hcpc_not_confirmed', 'pqe_known', 'pqe_not_known']) as item,
        'london' as made_for,
        null as ep_grade,
        null as pay_unit
),

places as (
    select period_label, unit_code, unit_level, units_counted, units_expected, is_covered, is_synthetic
    from {{ ref('int_ep__places') }}
    where record = 'agency_use'
),

memberships as (
    select
        engagements.unit_code,
        engagements.period_label,
        belongs.item
    from {{ ref('stg_ep_workforce__agency_use') }} as engagements
    cross join
        lateral (
            values
            ('all'),
            ('grade_' || engagements.ep_grade),
            (engagements.pay_unit),
            (case when engagements.ep_grade = 'EP' then 'EP_' else 'OTHER_' end || engagements.pay_unit),
            (case when engagements.ep_grade <> 'EP' then 'OTHER' end),
            (case when engagements.work_mode = 'REMOTE' then 'remote' else 'not_remote' end),
            (case when engagements.hcpc_registered = 'Y' then 'hcpc_registered' else 'hcpc_not_confirmed' end),
            (case when engagements.pqe_years is null then 'pqe_not_known' else 'pqe_known' end)
        ) as belongs (item)
    union all
    select unit_code, period_label, principle || '_' || outcome as item
    from {{ ref('int_ep__principle_outcomes') }}
    union all
    select unit_code, period_label, principle || '_in_scope' as item
    from {{ ref('int_ep__principle_outcomes') }}
    where outcome <> 'out_of_scope'
),

counted as (
    select
        unit_places.period_label,
        unit_places.place_code,
        memberships.item,
        count(*)::numeric as engagements
    from {{ ref('int_ep__unit_places') }} as unit_places
    inner join memberships
        on unit_places.period_label = memberships.period_label and unit_places.unit_code = memberships.unit_code
    where unit_places.record = 'agency_use' and unit_places.is_counted
    group by unit_places.period_label, unit_places.place_code, memberships.item
),

final as (
    select
        places.period_label as table_key,
        places.period_label,
        places.unit_code,
        items.item,
        items.ep_grade,
        items.pay_unit,
        {{ cell_key(['places.period_label', 'places.unit_code', 'items.item']) }} as cell_key,
        case when places.is_covered then coalesce(counted.engagements, 0) end as count_in_cell,
        case when not places.is_covered then 'x' end as count_status,
        case when places.is_covered then averages.mean_gbp end as mean_gbp,
        case when places.is_covered then averages.median_gbp end as median_gbp,
        case when places.is_covered then averages.lower_quartile_gbp end as lower_quartile_gbp,
        case when places.is_covered then averages.upper_quartile_gbp end as upper_quartile_gbp,
        case when places.is_covered then coalesce(averages.pqe_known, 0) end as pqe_known,
        case when places.is_covered then averages.pqe_median_years end as pqe_median_years,
        places.units_counted,
        places.units_expected,
        places.is_synthetic
    from places
    inner join items
        on
            items.made_for = 'every'
            or places.unit_level = 'london'
            or (items.made_for = 'areas' and places.unit_level = 'inner_outer')
    left join counted
        on
            places.period_label = counted.period_label
            and places.unit_code = counted.place_code
            and items.item = counted.item
    left join {{ ref('int_ep__engagement_groups') }} as averages
        on
            places.period_label = averages.period_label
            and places.unit_code = averages.unit_code
            and items.ep_grade = averages.ep_grade
            and items.pay_unit = averages.pay_unit
)

select * from final
