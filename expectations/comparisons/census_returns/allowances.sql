-- One row per unit or area, census year and allowance with numbers of units: what these make less those that answered.
with final as (
    select
        allowance,
        unit_name || ' ' || census_year as place,
        units_to_all + units_to_some + units_not_offering - units_counted as difference
    from marts_candidate.mart_census__allowances
    where units_to_all is not null
)

select * from final
order by allowance, place
