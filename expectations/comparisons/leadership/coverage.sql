-- One row per area and year of returns in the mart: how many units it counts, how many have returned by the ledger, and how
-- many headcounts it shows.
with minimum as (
    select minimum_coverage_pct from reference.disclosure_products
    where product = 'members'
),

received as (
    select
        coalesce(authorities.unit_code, submissions.authority_code) as unit_code,
        extract(year from submissions.period_end)::integer as as_at_year,
        sum(cardinality(string_to_array(submissions.authority_code, ' / '))) as authorities_received
    from ledger.current_submissions as submissions
    left join reference.authorities as authorities on submissions.authority_code = authorities.authority_code
    where submissions.collection = 'leadership_in_colour'
    group by coalesce(authorities.unit_code, submissions.authority_code), submissions.period_end
),

returned as (
    select
        areas.area_code,
        received.as_at_year,
        count(*) as units_returned
    from received
    inner join reference.reporting_units as units on received.unit_code = units.unit_code
    cross join lateral (values (units.inner_outer_code), (units.region_code)) as areas (area_code)
    where received.authorities_received >= cardinality(string_to_array(received.unit_code, ' / '))
    group by areas.area_code, received.as_at_year
),

shown as (
    select
        unit_code,
        unit_name,
        as_at_year,
        max(units_counted) as units_counted,
        max(units_expected) as units_expected,
        count(headcount) as figures_shown
    from marts_candidate.mart_leadership__representation
    where source = 'returns' and unit_level <> 'authority'
    group by unit_code, unit_name, as_at_year
),

final as (
    select
        shown.unit_name || ' ' || shown.as_at_year as place,
        shown.units_counted,
        shown.units_expected,
        coalesce(returned.units_returned, 0) as units_returned,
        shown.figures_shown,
        shown.units_counted * 100 >= shown.units_expected * minimum.minimum_coverage_pct as is_enough
    from shown
    cross join minimum
    left join returned on shown.unit_code = returned.area_code and shown.as_at_year = returned.as_at_year
)

select * from final
order by place
