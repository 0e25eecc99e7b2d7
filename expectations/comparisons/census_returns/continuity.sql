-- One row per unit with returns in the newest census year and the year before: whether the people in post carry on.
with gaps as (
    select unit_code, census_year, headcount_gap from intermediate.int_returns__continuity
),

final as (
    select
        units.unit_name || ' ' || gaps.census_year as place,
        abs(gaps.headcount_gap) as gap
    from gaps
    inner join reference.reporting_units as units on gaps.unit_code = units.unit_code
    where gaps.census_year = (select max(census_year) from gaps)
)

select * from final
order by place
