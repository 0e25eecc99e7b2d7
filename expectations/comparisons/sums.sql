-- One row per count, census year and area that others add up to: the published figure beside the sum of its parts.
-- Parts: London's units in Inner or Outer London and in London, Inner and Outer London in London, the nine regions
-- in England. A part that is not applicable or rounds to zero counts as nothing; any other symbol is withheld.
with counts as (
    select
        unit_code,
        unit_name,
        census_year,
        indicator,
        indicator_unit,
        value,
        value_status,
        value is null and value_status not in ('z', 'low') as is_withheld
    from marts_candidate.mart_census__indicators
    where indicator_basis = 'published' and indicator_unit in ('fte', 'headcount', 'cases', 'days')
),

units as (
    select unit_code, unit_level, inner_outer_code, region_code
    from reference.reporting_units
),

memberships as (
    select unit_code as part_code, inner_outer_code as whole_code, 'units' as parts
    from units
    where unit_level = 'authority'
    union all
    select unit_code as part_code, region_code as whole_code, 'units' as parts
    from units
    where unit_level = 'authority'
    union all
    select unit_code as part_code, region_code as whole_code, 'Inner and Outer London' as parts
    from units
    where unit_level = 'inner_outer'
    union all
    select unit_code as part_code, region_code as whole_code, 'regions' as parts
    from units
    where unit_level in ('region', 'london')
),

added as (
    select
        memberships.whole_code,
        memberships.parts,
        counts.census_year,
        counts.indicator,
        sum(coalesce(counts.value, 0)) as sum_of_parts,
        count(*) filter (where counts.is_withheld) as parts_withheld,
        string_agg(counts.unit_name || ' ' || counts.value_status, ', ' order by counts.unit_name)
        filter (where counts.is_withheld) as withheld
    from memberships
    inner join counts on memberships.part_code = counts.unit_code
    group by memberships.whole_code, memberships.parts, counts.census_year, counts.indicator
),

final as (
    select
        counts.unit_name || ' ' || counts.census_year as place,
        counts.indicator,
        counts.indicator_unit,
        added.parts,
        counts.value as published,
        added.sum_of_parts,
        added.sum_of_parts - counts.value as difference,
        added.parts_withheld > 0 as has_withheld_parts,
        added.withheld
    from added
    inner join counts
        on
            added.whole_code = counts.unit_code
            and added.census_year = counts.census_year
            and added.indicator = counts.indicator
    where counts.value is not null
)

select * from final
order by place, parts, indicator
