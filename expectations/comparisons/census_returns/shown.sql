-- One row per headcount that is shown: whether it is the one that was counted, and whether it should be withheld.
with shown as (
    select unit_name, unit_code, census_year, measure, breakdown, category, headcount
    from marts_candidate.mart_census__breakdowns
    where headcount is not null
    union all
    select
        unit_name,
        unit_code,
        census_year,
        case indicator
            when 'inpost_headcount' then 'in_post'
            when 'starters_headcount' then 'starters'
            when 'leavers_headcount' then 'leavers'
            when 'agency_headcount' then 'agency'
        end as measure,
        'all' as breakdown,
        'all' as category,
        returns_value as headcount
    from marts_candidate.mart_census__from_returns
    where
        returns_value is not null
        and indicator in ('inpost_headcount', 'starters_headcount', 'leavers_headcount', 'agency_headcount')
),

cells as (
    select unit_code, census_year, measure, breakdown, category, count_in_cell
    from intermediate.cells_census_breakdowns
    union all
    select unit_code, census_year, measure, 'all' as breakdown, 'all' as category, count_in_cell
    from intermediate.cells_census_counts
),

final as (
    select
        shown.measure,
        shown.unit_name || ' ' || shown.census_year || ' ' || shown.breakdown || ' ' || shown.category as place,
        coalesce(shown.headcount = cells.count_in_cell, false) as is_the_count,
        shown.headcount between 1 and products.threshold - 1 as is_small
    from shown
    cross join (
        select threshold from reference.disclosure_products
        where product = 'members'
    ) as products
    left join cells
        on
            shown.unit_code = cells.unit_code
            and shown.census_year = cells.census_year
            and shown.measure = cells.measure
            and shown.breakdown = cells.breakdown
            and shown.category = cells.category
)

select * from final
order by measure, place
