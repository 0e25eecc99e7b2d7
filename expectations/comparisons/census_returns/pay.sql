-- One row per unit or area, census year, role and pay item with a median, or with anything before the census asked.
with final as (
    select
        pay_item,
        unit_name || ' ' || census_year || ' ' || role as place,
        median_gbp,
        census_year >= 2025 as was_asked,
        coalesce(lower_quartile_gbp <= median_gbp and median_gbp <= upper_quartile_gbp, true) as is_in_order,
        coalesce(people >= products.minimum_group_for_averages, false)
        and (upper_quartile_gbp is null or people >= products.minimum_group_for_quartiles) as are_enough_people
    from marts_candidate.mart_census__pay
    cross join (
        select minimum_group_for_averages, minimum_group_for_quartiles from reference.disclosure_products
        where product = 'members'
    ) as products
    where
        median_gbp is not null
        or upper_quartile_gbp is not null
        or (census_year < 2025 and people is not null)
)

select * from final
order by pay_item, place
