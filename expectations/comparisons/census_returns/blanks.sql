-- One row per census year and breakdown of all London: the share of people of whom it is not known.
with final as (
    select
        measure,
        measure || ' by ' || breakdown || ' ' || census_year as place,
        sum(share_pct) as not_known_pct
    from marts_candidate.mart_census__breakdowns
    where unit_level = 'london' and category in ('not_known', 'not_yet_collected')
    group by measure, breakdown, census_year
)

select * from final
order by measure, place
