-- Read by the disclosure pattern and its audit: what everybody knows from DfE is no secret, and protects none.
{{ config(materialized='table', post_hook='analyze {{ this }}') }}

with headcounts as (
    select unit_code, census_year, measure, breakdown, category, headcount
    from {{ ref('int_census_returns__headcounts') }}
),

-- The comparison sees to it that invented figures never stand beside real ones.
published as (
    select
        compared.unit_code,
        compared.census_year,
        places.measure,
        places.breakdown,
        places.category,
        compared.published_value as published_headcount
    from {{ ref('int_returns__census_compared') }} as compared
    inner join (
        values
        ('inpost_headcount', 'in_post', 'all', 'all'),
        ('starters_headcount', 'starters', 'all', 'all'),
        -- The same people.
        ('starters_headcount', 'in_post', 'time_in_post', 'under_1_year'),
        ('leavers_headcount', 'leavers', 'all', 'all'),
        ('agency_headcount', 'agency', 'all', 'all')
    ) as places (indicator, measure, breakdown, category)
        on compared.indicator = places.indicator
),

-- Of a unit so small that fewer than the threshold are in post beside the starters, the people in post could not be
-- broken down without giving these away; in such a year the numbers in post are treated as secrets all the same.
years_with_too_few as (
    select in_post.census_year
    from headcounts as in_post
    inner join headcounts as starters
        on in_post.unit_code = starters.unit_code and in_post.census_year = starters.census_year
    where
        in_post.measure = 'in_post'
        and in_post.breakdown = 'all'
        and starters.measure = 'starters'
        and starters.breakdown = 'all'
        and in_post.headcount > 0
        and in_post.headcount - starters.headcount < {{ disclosure_parameter('members', 'threshold') }}
),

-- A count that differs from DfE's is not known from there.
final as (
    select
        headcounts.unit_code,
        headcounts.census_year,
        headcounts.measure,
        headcounts.breakdown,
        headcounts.category,
        published.published_headcount
    from headcounts
    inner join published
        on
            headcounts.unit_code = published.unit_code
            and headcounts.census_year = published.census_year
            and headcounts.measure = published.measure
            and headcounts.breakdown = published.breakdown
            and headcounts.category = published.category
            and headcounts.headcount = published.published_headcount
    where
        headcounts.measure <> 'in_post'
        or headcounts.breakdown <> 'all'
        or headcounts.census_year not in (select years_with_too_few.census_year from years_with_too_few)
)

select * from final
