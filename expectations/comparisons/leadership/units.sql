-- One row per unit or area, year and source of the mart: has it every row, are its figures its own, and did it send every tier?
with years as (
    select distinct
        source,
        as_at_year
    from marts_candidate.mart_leadership__representation
),

units as (
    select
        unit_code,
        unit_name,
        unit_level
    from reference.reporting_units
    where unit_level in ('authority', 'inner_outer', 'london')
),

expected as (
    select
        units.unit_code,
        years.source,
        years.as_at_year,
        count(*) as expected_rows
    from units
    cross join years
    cross join reference.leadership_tier_codes as tiers
    cross join reference.leadership_groups as groups
    where
        units.unit_level <> 'authority'
        or (years.source = 'dfe' and tiers.is_published_for_units and groups.is_shown_for_units)
        or (years.source = 'returns' and tiers.is_shown_for_units and groups.is_shown_for_units)
    group by units.unit_code, years.source, years.as_at_year
),

found as (
    select
        unit_code,
        source,
        as_at_year,
        count(*) as mart_rows,
        bool_or(is_carried_forward) as is_carried_forward,
        max(units_counted) as units_counted
    from marts_candidate.mart_leadership__representation
    group by unit_code, source, as_at_year
),

rows_sent as (
    select
        submissions.authority_code,
        coalesce(authorities.unit_code, submissions.authority_code) as unit_code,
        extract(year from submissions.period_end)::integer as as_at_year,
        returned.tier,
        returned.ethnic_group,
        returned.headcount
    from ledger.current_submissions as submissions
    left join reference.authorities as authorities on submissions.authority_code = authorities.authority_code
    inner join raw.leadership_in_colour__representation as returned
        on submissions.submission_id = returned.submission_id
    where submissions.collection = 'leadership_in_colour'
),

sent as (
    select
        rows_sent.unit_code,
        rows_sent.as_at_year,
        count(distinct rows_sent.tier) as tiers_sent,
        -- The same people in every tier and group as a year before is a copy, not a return.
        bool_and(rows_sent.headcount is not distinct from last_year.headcount) as repeats_last_year
    from rows_sent
    left join rows_sent as last_year
        on
            rows_sent.authority_code = last_year.authority_code
            and rows_sent.as_at_year - 1 = last_year.as_at_year
            and rows_sent.tier = last_year.tier
            and rows_sent.ethnic_group = last_year.ethnic_group
    group by rows_sent.unit_code, rows_sent.as_at_year
),

final as (
    select
        expected.source,
        units.unit_level,
        units.unit_name || ' ' || expected.as_at_year as place,
        expected.expected_rows,
        coalesce(found.mart_rows, 0) as mart_rows,
        coalesce(found.units_counted, 0) as units_counted,
        coalesce(found.is_carried_forward, false) as is_carried_forward,
        case when expected.source = 'returns' then sent.repeats_last_year end as repeats_last_year,
        case when expected.source = 'returns' then sent.tiers_sent end as tiers_sent
    from expected
    inner join units on expected.unit_code = units.unit_code
    left join found
        on
            expected.unit_code = found.unit_code
            and expected.source = found.source
            and expected.as_at_year = found.as_at_year
    left join sent on expected.unit_code = sent.unit_code and expected.as_at_year = sent.as_at_year
)

select * from final
order by source, place
