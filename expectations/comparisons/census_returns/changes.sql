-- One row per unit or area whose people in post are shown in the newest census year and in the year before.
with headcounts as (
    select unit_code, unit_name, unit_level, census_year, headcount
    from marts_candidate.mart_census__breakdowns
    where measure = 'in_post' and breakdown = 'all' and headcount > 0
),

final as (
    select
        this_year.unit_level,
        this_year.unit_name || ' ' || this_year.census_year as place,
        round(this_year.headcount / last_year.headcount, 3) as times_last_year
    from headcounts as this_year
    inner join headcounts as last_year
        on this_year.unit_code = last_year.unit_code and this_year.census_year - 1 = last_year.census_year
    where this_year.census_year = (select max(census_year) from headcounts)
)

select * from final
order by place
