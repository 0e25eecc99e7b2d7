-- One row per unit, census year and measure that can be counted in the raw rows alone: the people there and in the cells.
with submissions as (
    select
        current_submissions.submission_id,
        coalesce(authorities.unit_code, current_submissions.authority_code) as unit_code,
        extract(year from current_submissions.period_end)::integer as census_year
    from ledger.current_submissions
    left join reference.authorities on current_submissions.authority_code = authorities.authority_code
    where current_submissions.collection = 'csww_census'
),

records as (
    select
        submissions.unit_code,
        submissions.census_year,
        count(distinct workers.swe_no) filter (
            where workers.agency_worker = '0' and workers.role_end_date is null
        ) as in_post,
        count(distinct workers.swe_no) filter (where workers.agency_worker = '1') as agency
    from submissions
    left join raw.csww_census__worker as workers on submissions.submission_id = workers.submission_id
    group by submissions.unit_code, submissions.census_year
),

raw_counts as (
    select records.unit_code, records.census_year, counted.measure, counted.people
    from records
    cross join lateral (values ('in_post', records.in_post), ('agency', records.agency)) as counted (measure, people)
),

cells as (
    select unit_code, census_year, measure, count_in_cell
    from intermediate.cells_census_breakdowns
    where measure = 'in_post' and breakdown = 'all'
    union all
    select unit_code, census_year, measure, count_in_cell
    from intermediate.cells_census_counts
    where measure = 'agency'
),

final as (
    select
        cells.measure,
        units.unit_name || ' ' || cells.census_year as place,
        cells.count_in_cell - coalesce(raw_counts.people, 0) as difference
    from cells
    inner join reference.reporting_units as units
        on cells.unit_code = units.unit_code and units.unit_level = 'authority'
    left join raw_counts
        on
            cells.unit_code = raw_counts.unit_code
            and cells.census_year = raw_counts.census_year
            and cells.measure = raw_counts.measure
    -- Half of a joint unit does not count.
    where cells.count_in_cell is not null
)

select * from final
order by measure, place
