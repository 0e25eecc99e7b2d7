with measures as (
    select unit_code, census_year, inpost_headcount, starters_headcount, leavers_headcount, is_synthetic
    from {{ ref('int_returns__census_measures') }}
),

final as (
    select
        this_year.unit_code,
        this_year.census_year,
        last_year.inpost_headcount as previous_inpost_headcount,
        this_year.starters_headcount,
        this_year.leavers_headcount,
        last_year.inpost_headcount + this_year.starters_headcount - this_year.leavers_headcount
            as expected_inpost_headcount,
        this_year.inpost_headcount,
        this_year.inpost_headcount
        - (last_year.inpost_headcount + this_year.starters_headcount - this_year.leavers_headcount)
            as headcount_gap,
        this_year.is_synthetic
    from measures as this_year
    inner join measures as last_year
        on this_year.unit_code = last_year.unit_code and this_year.census_year - 1 = last_year.census_year
)

select * from final
