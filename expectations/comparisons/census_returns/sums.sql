-- One row per unit, census year, measure and breakdown whose categories are all shown: what they make less all people.
with parts as (
    select
        unit_code,
        unit_name,
        census_year,
        measure,
        breakdown,
        sum(headcount) as together
    from marts_candidate.mart_census__breakdowns
    where breakdown <> 'all'
    group by unit_code, unit_name, census_year, measure, breakdown
    having count(*) = count(headcount)
),

final as (
    select
        parts.measure,
        parts.unit_name || ' ' || parts.census_year || ' ' || parts.breakdown as place,
        parts.together - wholes.headcount as difference
    from parts
    inner join marts_candidate.mart_census__breakdowns as wholes
        on
            parts.unit_code = wholes.unit_code
            and parts.census_year = wholes.census_year
            and parts.measure = wholes.measure
            and wholes.breakdown = 'all'
    where wholes.headcount is not null
)

select * from final
order by measure, place
