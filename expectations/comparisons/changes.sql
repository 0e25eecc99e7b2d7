-- One row per area of the mart's newest census year: workers in post as a multiple of the year before.
with newest as (
    select max(census_year) as census_year from marts_candidate.mart_census__indicators
),

final as (
    select
        figures.unit_name || ' ' || figures.census_year as place,
        figures.indicator,
        figures.unit_level,
        figures.is_very_small,
        figures.value,
        figures.previous_value,
        figures.value / figures.previous_value as times_last_year
    from marts_candidate.mart_census__indicators as figures
    inner join newest on figures.census_year = newest.census_year
    where figures.indicator = 'inpost_fte' and figures.previous_value > 0 and figures.value is not null
)

select * from final
order by place
